"""Makes the small random models that the protocol is tested with: random_models.py FOLDER.

toy      Qwen2 with ChatML, <think> tokens and a generation_config whose values must never leak into a request
toy-bos  the same with a tokenizer and a template that both write a BOS
rm       Qwen2ForRewardModel: one raw value a token
prm      Qwen2ForProcessRewardModel: one pair a step mark, the mark at the id that vLLM looks for
seqcls   Qwen3ForSequenceClassification: one value a conversation

Weights come from fixed seeds, so that two machines make the same models. The texts that they write are noise.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2Model,
    Qwen3Config,
    Qwen3ForSequenceClassification,
)

CONTEXT = 4096
WIDTH = 64
# With a few layers only, tokens come faster than the API server can pass them on, and it stands still for all others.
WRITER_LAYERS = 24
# vLLM finds the steps of a Qwen2ForProcessRewardModel by this id, that of the published checkpoints.
STEP_MARK_ID = 151651

# What the tokenizer learns its merges from: words that the tests use.
LESSON = (
    "Let n be a positive integer. Find the sum of the first n odd numbers. What is the value of x when x plus 3 is 7? "
    "Step 1: subtract 3 from both sides. Step 2: the answer is \\boxed{4}. system user assistant 0 1 2 3 4 5 6 7 8 9\n"
)

# special: hidden in texts. The tags of a thought are no special tokens in the published models either.
MARKS = {
    "<|endoftext|>": True,
    "<|im_start|>": True,
    "<|im_end|>": True,
    "<|bos|>": True,
    "<extra_0>": True,
    "<think>": False,
    "</think>": False,
}

CHATML = """
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def make_tokenizer(writes_bos=False, step_mark_id=None):
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator([LESSON] * 10, trainers.BpeTrainer(vocab_size=480, initial_alphabet=alphabet))
    if step_mark_id is not None:
        # A token that is in the vocabulary already keeps its id when it is declared as a mark.
        parts = json.loads(bpe.to_str())
        parts["model"]["vocab"]["<extra_0>"] = step_mark_id
        bpe = Tokenizer.from_str(json.dumps(parts))
    for mark, is_special in MARKS.items():
        add = bpe.add_special_tokens if is_special else bpe.add_tokens
        add([AddedToken(mark, special=is_special, normalized=False)])
    if writes_bos:
        bos = ("<|bos|>", bpe.token_to_id("<|bos|>"))
        bpe.post_processor = processors.TemplateProcessing(
            single="<|bos|> $A", pair="<|bos|> $A <|bos|> $B", special_tokens=[bos]
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        bos_token="<|bos|>" if writes_bos else None,
        model_max_length=CONTEXT,
    )
    tokenizer.chat_template = ("{{- '<|bos|>' }}" if writes_bos else "") + CHATML
    return tokenizer


def make_config(kind, tokenizer, layers=2, **more):
    highest = max(tokenizer.get_vocab().values())
    return kind(
        vocab_size=(highest // 64 + 1) * 64,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        **more,
    )


def make_writer(folder, tokenizer):
    torch.manual_seed(11)
    model = Qwen2ForCausalLM(make_config(Qwen2Config, tokenizer, layers=WRITER_LAYERS))
    ends = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    # Texts must last as long as a test wants them: every state is high in its first place, and there the end tokens
    # are far less likely than all others. A bias of 100 brings them back.
    with torch.no_grad():
        model.model.embed_tokens.weight[:, 0] = 1
        model.lm_head.weight.normal_(0, 0.2)
        model.lm_head.weight[:, 0] = 0
        model.lm_head.weight[ends, 0] = -5
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    defaults = {
        "eos_token_id": ends,
        "pad_token_id": tokenizer.pad_token_id,
        "do_sample": True,
        "temperature": 0.3,
        "top_k": 1,
        "repetition_penalty": 1.3,
    }
    (folder / "generation_config.json").write_text(json.dumps(defaults))


def make_reward(folder, tokenizer, architecture, labels):
    """transformers has no such classes: the published checkpoints bring their own code, vLLM has it built in."""
    torch.manual_seed(12)
    config = make_config(Qwen2Config, tokenizer)
    weights = {f"model.{name}": value.contiguous() for name, value in Qwen2Model(config).state_dict().items()}
    for layer, rows in ((0, WIDTH), (2, labels)):
        weights[f"score.{layer}.weight"] = torch.randn(rows, WIDTH) * 0.4
        weights[f"score.{layer}.bias"] = torch.zeros(rows)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    described = config.to_dict() | {"architectures": [architecture], "model_type": "qwen2", "num_labels": labels}
    (folder / "config.json").write_text(json.dumps(described, default=str))
    tokenizer.save_pretrained(folder)


def make_sequence_reward(folder, tokenizer):
    torch.manual_seed(13)
    model = Qwen3ForSequenceClassification(make_config(Qwen3Config, tokenizer, num_labels=1, head_dim=32))
    with torch.no_grad():
        model.score.weight.normal_(0, 0.5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main(folder):
    make_writer(folder / "toy", make_tokenizer())
    make_writer(folder / "toy-bos", make_tokenizer(writes_bos=True))
    make_reward(folder / "rm", make_tokenizer(), "Qwen2ForRewardModel", 1)
    make_reward(folder / "prm", make_tokenizer(step_mark_id=STEP_MARK_ID), "Qwen2ForProcessRewardModel", 2)
    make_sequence_reward(folder / "seqcls", make_tokenizer())


main(Path(sys.argv[1]))
