#pragma once

struct fake_kernel;
/// The kernel of a name; null when there is none.
const fake_kernel *fake_find_kernel(const char *name);
/// Runs all blocks of a kernel.
void fake_launch(const fake_kernel *kernel, unsigned blocks, unsigned shared_bytes, void **arguments);
