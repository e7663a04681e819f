// What the terminal is like that results are printed to.
#include "kernels.h"

#include <sys/ioctl.h>
#include <unistd.h>

int32_t ek_terminal_width(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
