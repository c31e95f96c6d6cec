#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a language model with hand-set weights as a GGUF file: make_gguf.py FILE

The model is a table: each token has one successor. README.md tells how weights make a table, and how a chat
template makes answers of it.
"""
import argparse
import pathlib
import struct
import sys

N_EMBD = 64  # one dimension per token that has a successor, and dimension 0 for all others
N_HEAD = 2
CONTEXT = 32768
SHARPNESS = 8.0  # RMS norm makes a one-hot vector sqrt(N_EMBD) long, so logits are 8 * 8 or 0

BOS, EOS, UNKNOWN = '<s>', '</s>', '<unk>'

# What is said when the prompt ends with this mark. A piece is a token, and a token has one successor: no piece
# may be here twice, so what two answers have in common is cut at different places.
ANSWERS = {
    '<|hello|>': ['The', ' small', ' model', ' says', ' hello', '.'],
    '<|call|>': ['<think>', 'I', ' ask', ' the', ' shell', '.\n', '</think>',
                 '<tool_call>\n', '{"name": "exec', '_command"', ', "arguments"', ': {"cmd": ',
                 '"echo hand-set', ' weights', ' | tee -a', ' ran"', '}}', '\n</tool_call>'],
    '<|probe|>': ['<tool', '_call>\n{"name"', ': "probe", ', '"arguments": ', '{"word"', ': "ok"}', '}\n</tool', '_call>'],
    '<|result|>': ['It', ' answered', ':', ' hand', '-set', ' weights.'],
    '<|lost|>': ['Nothing', ' came', ' back', '...'],
}

NORMAL, UNKNOWN_TYPE, CONTROL, BYTE = 1, 2, 3, 6  # tokenizer.ggml.token_type
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9  # types of GGUF values
F32 = 0  # the one type of tensor here
ALIGNMENT = 32


class Vocabulary:
    """Tokens in the order of their ids, and who follows whom."""

    def __init__(self):
        self.texts, self.types, self.ids, self.successors = [], [], {}, {}
        for text, kind in ((UNKNOWN, UNKNOWN_TYPE), (BOS, CONTROL), (EOS, CONTROL)):
            self.add(text, kind)
        for byte in range(256):
            self.add(f'<0x{byte:02X}>', BYTE)
        for mark in ('<|role|>', '<|say|>'):
            self.add(mark, CONTROL)
        for mark, pieces in ANSWERS.items():
            self.add_answer(mark, pieces)

    def add(self, text, kind):
        if text in self.ids:
            sys.exit(f'make_gguf: {text!r} is there twice, and would have two successors')
        self.ids[text] = len(self.texts)
        self.texts.append(text)
        self.types.append(kind)
        return self.ids[text]

    def add_answer(self, mark, pieces):
        last = self.add(mark, CONTROL)
        for piece in pieces:
            self.successors[last] = self.add(piece.replace(' ', '\u2581'), NORMAL)
            last = self.successors[last]
        self.successors[last] = self.ids[EOS]


def encode_string(text):
    data = text.encode()
    return struct.pack('<Q', len(data)) + data


def encode_value(kind, value):
    if kind == STRING:
        return encode_string(value)
    return struct.pack({UINT32: '<I', INT32: '<i', FLOAT32: '<f', BOOL: '<?'}[kind], value)


def encode_entry(key, kind, value):
    if not isinstance(value, list):
        return encode_string(key) + struct.pack('<I', kind) + encode_value(kind, value)
    head = struct.pack('<IIQ', ARRAY, kind, len(value))
    return encode_string(key) + head + b''.join(encode_value(kind, v) for v in value)


def metadata(vocabulary, template):
    return [
        ('general.architecture', STRING, 'llama'),
        ('general.name', STRING, 'hand-set'),
        ('llama.block_count', UINT32, 1),
        ('llama.context_length', UINT32, CONTEXT),
        ('llama.embedding_length', UINT32, N_EMBD),
        ('llama.feed_forward_length', UINT32, N_EMBD),
        ('llama.attention.head_count', UINT32, N_HEAD),
        ('llama.attention.head_count_kv', UINT32, N_HEAD),
        ('llama.attention.layer_norm_rms_epsilon', FLOAT32, 1e-6),
        ('llama.rope.dimension_count', UINT32, N_EMBD // N_HEAD),
        ('llama.vocab_size', UINT32, len(vocabulary.texts)),
        ('tokenizer.ggml.model', STRING, 'llama'),
        ('tokenizer.ggml.tokens', STRING, vocabulary.texts),
        ('tokenizer.ggml.token_type', INT32, vocabulary.types),
        ('tokenizer.ggml.scores', FLOAT32, [0.0] * len(vocabulary.texts)),
        ('tokenizer.ggml.bos_token_id', UINT32, vocabulary.ids[BOS]),
        ('tokenizer.ggml.eos_token_id', UINT32, vocabulary.ids[EOS]),
        ('tokenizer.ggml.unknown_token_id', UINT32, vocabulary.ids[UNKNOWN]),
        ('tokenizer.ggml.add_bos_token', BOOL, True),
        ('tokenizer.ggml.add_space_prefix', BOOL, False),
        ('tokenizer.chat_template', STRING, template),
    ]


def one_hot_rows(n_rows, cells, value):
    """n_rows rows of N_EMBD numbers, all zero but for those at (row, column)."""
    numbers = [0.0] * (n_rows * N_EMBD)
    for row, column in cells:
        numbers[row * N_EMBD + column] = value
    return numbers


def tensors(vocabulary):
    """Name, numbers per row, rows (None for a vector) and numbers."""
    n = len(vocabulary.texts)
    dimensions = {token: i + 1 for i, token in enumerate(vocabulary.successors)}
    if len(dimensions) >= N_EMBD:
        sys.exit(f'make_gguf: {len(dimensions)} tokens have successors, and there is room for {N_EMBD - 1}')
    has = [(token, dimensions.get(token, 0)) for token in range(n)]
    leads = [(after, dimensions[token]) for token, after in vocabulary.successors.items()]
    leads.append((vocabulary.ids[EOS], 0))
    ones, zeros = [1.0] * N_EMBD, [0.0] * (N_EMBD * N_EMBD)
    yield 'token_embd.weight', n, one_hot_rows(n, has, 1.0)
    yield 'output.weight', n, one_hot_rows(n, leads, SHARPNESS)
    yield 'output_norm.weight', None, ones
    yield 'blk.0.attn_norm.weight', None, ones
    yield 'blk.0.ffn_norm.weight', None, ones
    for name in ('attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'):
        yield f'blk.0.{name}.weight', N_EMBD, zeros


def padded(data):
    return data + b'\0' * (-len(data) % ALIGNMENT)


def encode(vocabulary, template):
    entries = [encode_entry(*entry) for entry in metadata(vocabulary, template)]
    infos, blobs, offset = [], [], 0
    for name, n_rows, numbers in tensors(vocabulary):
        shape = [N_EMBD] if n_rows is None else [N_EMBD, n_rows]
        infos.append(encode_string(name) + struct.pack(f'<I{len(shape)}QIQ', len(shape), *shape, F32, offset))
        blobs.append(padded(struct.pack(f'<{len(numbers)}f', *numbers)))
        offset += len(blobs[-1])
    head = b'GGUF' + struct.pack('<IQQ', 3, len(infos), len(entries))
    return padded(head + b''.join(entries + infos)) + b''.join(blobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('file', type=pathlib.Path)
    template = pathlib.Path(__file__).with_name('chat.jinja').read_text(encoding='utf-8')
    parser.parse_args().file.write_bytes(encode(Vocabulary(), template))


if __name__ == '__main__':
    main()
