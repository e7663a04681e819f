#!/usr/bin/env python3
"""Makes a random Llama checkpoint of a known shape in bfloat16, to see what large models take.

    Scripts/large-model.py DIRECTORY 8B     # 16 GB, Llama-3.1-8B's shape
    Scripts/large-model.py DIRECTORY 1B     # 2.5 GB, Llama-3.2-1B's

Needs nothing but Python. Every matrix repeats one block of random numbers, so that writing takes as long as the disk
takes; nobody trained it, and only its size is real. There is no tokenizer: `edgewise discover DIRECTORY` then takes the task
`induction`.
"""
import json, math, os, random, struct, sys

SHAPES = {
    "8B": dict(layers=32, width=4096, inner=14336, heads=32, shared=8, head=128, vocabulary=128256, tied=False),
    "1B": dict(layers=16, width=2048, inner=8192, heads=32, shared=8, head=64, vocabulary=128256, tied=True),
}
BLOCK = 1 << 20


def bfloat16(value):
    return struct.unpack("<I", struct.pack("<f", value))[0] >> 16


def main(directory, name):
    shape = SHAPES[name]
    width, inner, head = shape["width"], shape["inner"], shape["head"]
    queries, keys = shape["heads"] * head, shape["shared"] * head
    tensors = [("model.embed_tokens.weight", [shape["vocabulary"], width])]
    for layer in range(shape["layers"]):
        prefix = f"model.layers.{layer}."
        tensors += [
            (prefix + "self_attn.q_proj.weight", [queries, width]), (prefix + "self_attn.k_proj.weight", [keys, width]),
            (prefix + "self_attn.v_proj.weight", [keys, width]), (prefix + "self_attn.o_proj.weight", [width, queries]),
            (prefix + "mlp.gate_proj.weight", [inner, width]), (prefix + "mlp.up_proj.weight", [inner, width]),
            (prefix + "mlp.down_proj.weight", [width, inner]),
            (prefix + "input_layernorm.weight", [width]), (prefix + "post_attention_layernorm.weight", [width]),
        ]
    tensors.append(("model.norm.weight", [width]))
    if not shape["tied"]:
        tensors.append(("lm_head.weight", [shape["vocabulary"], width]))

    header, offset = {}, 0
    for key, sizes in tensors:
        length = 2 * math.prod(sizes)
        header[key] = {"dtype": "BF16", "shape": sizes, "data_offsets": [offset, offset + length]}
        offset += length
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)

    generator = random.Random(0)
    block = b"".join(struct.pack("<H", bfloat16(generator.gauss(0, 0.02))) for _ in range(BLOCK))
    ones = struct.pack("<H", bfloat16(1.0))
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for index, (_, sizes) in enumerate(tensors):
            left = 2 * math.prod(sizes)
            if len(sizes) == 1:
                file.write(ones * sizes[0])
                continue
            # Each matrix starts elsewhere in the block, so that no two are the same.
            start = 2 * (index * 7919 % BLOCK)
            while left > 0:
                piece = block[start:start + left]
                file.write(piece)
                left, start = left - len(piece), 0
    with open(os.path.join(directory, "config.json"), "w") as file:
        json.dump({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
            "hidden_size": width, "intermediate_size": inner, "num_hidden_layers": shape["layers"],
            "num_attention_heads": shape["heads"], "num_key_value_heads": shape["shared"], "head_dim": head,
            "vocab_size": shape["vocabulary"], "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
            "rope_theta": 500000.0, "tie_word_embeddings": shape["tied"], "torch_dtype": "bfloat16",
        }, file, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in SHAPES:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
