#!/usr/bin/env python3
"""Times PyTorch on the shapes that edgewise-gpu-check times: two forward passes and one backward, to activations only.

    Scripts/pytorch-passes.py

Needs a card, PyTorch and transformers. Weights are random, prompts are 32 of 16 tokens, and times are medians of eleven: as
PyTorch runs by itself, and replayed as a CUDA graph, where launching kernels costs nothing.
"""
import statistics, time

import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM


def llama(layers, width, inner, head, tied):
    return LlamaConfig(
        num_hidden_layers=layers, hidden_size=width, intermediate_size=inner, num_attention_heads=32,
        num_key_value_heads=8, head_dim=head, vocab_size=128256, max_position_embeddings=1024, tie_word_embeddings=tied)


SHAPES = [
    ("GPT-2 small, float32", GPT2LMHeadModel, GPT2Config(), torch.float32),
    ("Llama-3.2-1B, float32", LlamaForCausalLM, llama(16, 2048, 8192, 64, True), torch.float32),
    ("Llama-3.1-8B, bfloat16", LlamaForCausalLM, llama(32, 4096, 14336, 128, False), torch.bfloat16),
]


def random_model(kind, config, dtype):
    with torch.device("meta"):
        model = kind(config)
    model = model.to(dtype).to_empty(device="cuda").eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
        parameter.normal_(0, 0.02) if parameter.dim() > 1 else parameter.fill_(1.0)
    for name, buffer in model.named_buffers():
        if "inv_freq" in name:
            count = buffer.numel()
            buffer.copy_(500000.0 ** (-torch.arange(count, device="cuda") / count))
    return model


def passes(model):
    embed = model.get_input_embeddings()
    corrupted, clean = torch.randint(0, 50000, (2, 32, 16), device="cuda")

    def run():
        with torch.no_grad():
            model(corrupted, logits_to_keep=1)
        inputs = embed(clean).requires_grad_()
        logits = model(inputs_embeds=inputs, logits_to_keep=1).logits[:, -1].float()
        (logits[:, 0] - logits[:, 1]).mean().backward()

    return run


def milliseconds(run):
    times = []
    for _ in range(11):
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def captured(run):
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        run(), run()
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        run()
    return graph.replay


torch.backends.cuda.matmul.allow_tf32 = False
for name, kind, config, dtype in SHAPES:
    run = passes(random_model(kind, config, dtype))
    run(), run(), run()
    torch.cuda.synchronize()
    print(f"{name}: {milliseconds(run):.1f} ms, as a CUDA graph {milliseconds(captured(run)):.1f} ms", flush=True)
    del run
    torch.cuda.empty_cache()
