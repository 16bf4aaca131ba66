# Trains a tiny model on exported files, to show that trainers take them as they are:
#
#   python examples/trl/train.py sft data/messages      (./magpie export --format messages --split 0.1 --out data/messages)
#   python examples/trl/train.py dpo data/dpo           (… --format dpo …)
#   python examples/trl/train.py kto data/kto           (… --format kto …)
#   python examples/trl/train.py prm data/prm           (… --format prm …)
#
# Nothing is downloaded: tokenizer and model are made here, at random, so what it learns is worth nothing. Put a model's
# name in place of tiny_model() and the rest is a real training. sft, dpo and kto are TRL's trainers; prm puts the labels of
# steps on their last tokens and trains a token classifier. Prints the loss on the rows that it trains on before and after
# (so tiny a model learns by heart), and exits with 1 where it has not fallen.

import argparse
import copy
import json
import tempfile

from datasets import load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    DataCollatorForTokenClassification,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
    Trainer,
    TrainingArguments,
)

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def texts(rows):
    """Every text of the rows, whatever their columns are."""
    for row in rows:
        stack = list(row.values())
        while stack:
            value = stack.pop()
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)


def tiny_tokenizer(rows):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=special, initial_alphabet=letters, show_progress=False)
    tokenizer.train_from_iterator(texts(rows), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHAT
    )


def tiny_model(tokenizer, kind=Qwen2ForCausalLM, **more):
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **more,
    )
    return kind(config)


def settings(steps, folder):
    return dict(
        output_dir=folder,
        max_steps=steps,
        learning_rate=1e-3,
        per_device_train_batch_size=4,
        per_device_eval_batch_size=4,
        logging_steps=max(1, steps // 4),
        save_strategy="no",
        report_to=[],
        seed=0,
        disable_tqdm=True,
        gradient_checkpointing=False,
        bf16=False,
    )


def label_steps(tokenizer, longest):
    """A row of format prm as tokens, with the label of each step on its last token and -100 elsewhere."""

    def convert(row):
        tokens = tokenizer(row["prompt"] + "\n")["input_ids"]
        labels = [-100] * len(tokens)
        for step, label in zip(row["completions"], row["labels"]):
            ids = tokenizer(step + "\n")["input_ids"]
            tokens += ids
            labels += [-100] * (len(ids) - 1) + [int(label)]
        return {"input_ids": tokens[:longest], "labels": labels[:longest]}

    return convert


def make_trainer(method, train, steps, longest, folder):
    tokenizer = tiny_tokenizer(train)
    common = dict(train_dataset=train, eval_dataset=train, processing_class=tokenizer)
    model = tiny_model(tokenizer)
    if method == "sft":
        from trl import SFTConfig, SFTTrainer

        return SFTTrainer(model, args=SFTConfig(max_length=longest, **settings(steps, folder)), **common)
    # TRL would load the reference model again by the name of the model, which this one does not have.
    if method == "dpo":
        from trl import DPOConfig, DPOTrainer

        args = DPOConfig(max_length=longest, **settings(steps, folder))
        return DPOTrainer(model, copy.deepcopy(model), args=args, **common)
    if method == "kto":
        from trl import KTOConfig, KTOTrainer

        args = KTOConfig(max_length=longest, **settings(steps, folder))
        return KTOTrainer(model, copy.deepcopy(model), args=args, **common)
    labelled = train.map(label_steps(tokenizer, longest), remove_columns=train.column_names)
    return Trainer(
        tiny_model(tokenizer, Qwen2ForTokenClassification, num_labels=2),
        args=TrainingArguments(**settings(steps, folder)),
        train_dataset=labelled,
        eval_dataset=labelled,
        data_collator=DataCollatorForTokenClassification(tokenizer),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=["sft", "dpo", "kto", "prm"])
    parser.add_argument("folder", help="an export; it has a split train in any case")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rows", type=int, default=32, help="train on so many")
    parser.add_argument("--tokens", type=int, default=512, help="cut texts at so many")
    wanted = parser.parse_args()
    rows = load_dataset(wanted.folder)
    train = rows["train"].select(range(min(wanted.rows, len(rows["train"]))))
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(wanted.method, train, wanted.steps, wanted.tokens, folder)
        before = trainer.evaluate()["eval_loss"]
        trainer.train()
        after = trainer.evaluate()["eval_loss"]
    device = str(trainer.model.device)
    counts = {name: len(split) for name, split in rows.items()}
    said = {"method": wanted.method, "loaded": counts, "trained_on": len(train), "device": device}
    print(json.dumps({**said, "before": before, "after": after}))
    if not after < before:
        raise SystemExit("the loss has not fallen")


if __name__ == "__main__":
    main()
