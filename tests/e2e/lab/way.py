# SPDX-License-Identifier: Apache-2.0
"""The ways in which one and the same stream of events can arrive. A way turns events into frames (the bytes
of one event each), and frames into pieces. A piece is one chunk of the HTTP body, so that the reader is
given exactly these pieces; a way that is `raw` sends the body without chunks, one write per piece."""
import dataclasses
import itertools
import json
import typing

HUGE_BYTES = 10_000_000


def _whole(frames):
    return list(frames)


def _at_once(frames):
    return [b"".join(frames)]


def _bytes(frames):
    body = b"".join(frames)
    return [body[i:i + 1] for i in range(len(body))]


def _inside_characters(frames):
    """Cuts behind the first byte of every character of several."""
    body = b"".join(frames)
    cuts = [i for i in range(1, len(body)) if body[i] & 0xC0 == 0x80 and body[i - 1] & 0xC0 == 0xC0]
    return [body[a:b] for a, b in itertools.pairwise([0, *cuts, len(body)])]


def _inside_frames(frames):
    """Cuts in the middle of each frame and between the two line ends behind it: a piece holds the end of an
    event and the beginning of the next."""
    body, cuts, at = b"".join(frames), [], 0
    for frame in frames:
        cuts += [at + max(1, len(frame) // 2), at + len(frame) - 1]
        at += len(frame)
    return [body[a:b] for a, b in itertools.pairwise(sorted({0, *cuts, len(body)}))]


def _thirteen(frames):
    body = b"".join(frames)
    return [body[i:i + 13] for i in range(0, len(body), 13)]


@dataclasses.dataclass(frozen=True)
class Way:
    name: str
    cut: typing.Callable = _whole
    line_end: bytes = b"\n"
    characters: int = 9          # of a delta
    is_ascii: bool = False       # \u instead of UTF-8
    is_sparse: bool = False      # without what servers may leave out
    is_raw: bool = False
    has_bom: bool = False
    has_comments: bool = False   # and the fields nobody needs
    has_pings: bool = False
    has_names: bool = True       # the event lines
    has_long_lines: bool = True  # else the JSON is cut into several data lines
    space: bytes = b" "
    padding: int = 0             # bytes of a member nobody knows, once

    def pieces(self, text):
        """The deltas of a text."""
        return (text[i:i + self.characters] for i in range(0, len(text), self.characters))

    def _data(self, value):
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=self.is_ascii, separators=(",", ":"),
                          indent=None if self.has_long_lines else 1)

    def frame(self, name, value):
        """The bytes of one event."""
        lines = [b"event:" + self.space + name.encode()] if name and self.has_names else []
        lines += [b"data:" + self.space + line.encode() for line in self._data(value).split("\n")]
        if self.has_comments:
            lines = [b": alive", *lines[:1], b":", b"id: 7", *lines[1:], b"retry: 1", b"unknown: field", b"data-too"]
        return self.line_end.join(lines) + self.line_end * 2

    def frames(self, events, ping):
        events = list(events)
        if self.padding:
            name, value = events[len(events) // 2]
            events[len(events) // 2] = (name, {**value, "obfuscation": "x" * self.padding})
        frames = [self.frame(*event) for event in events]
        if self.has_pings:
            between = self.frame(*ping) if ping else b": PROCESSING" + self.line_end * 2
            frames = [each for frame in frames for each in (between, frame)]
        if self.has_bom:
            frames[0] = b"\xef\xbb\xbf" + frames[0]
        return frames


# A line end is what a way does to a line; JSON holds none that is not escaped, so U+2028 is no line end.
WAYS = (
    Way("whole"),
    Way("at-once", _at_once),
    Way("bytes", _bytes),
    Way("bytes-raw", _bytes, is_raw=True),
    Way("bytes-crlf", _bytes, line_end=b"\r\n"),
    Way("inside-characters", _inside_characters, characters=1),
    Way("inside-frames", _inside_frames),
    Way("inside-frames-crlf", _inside_frames, line_end=b"\r\n"),
    Way("cr", _thirteen, line_end=b"\r"),
    Way("comments", _thirteen, has_comments=True),
    Way("bom", _bytes, has_bom=True, has_names=False, is_sparse=True),  # then the first event counts
    Way("pings", has_pings=True),
    Way("no-names", _inside_frames, has_names=False, space=b""),
    Way("data-lines", _thirteen, has_long_lines=False),
    Way("data-lines-crlf", _bytes, line_end=b"\r\n", has_long_lines=False),
    Way("ascii", _at_once, is_ascii=True, characters=1),
    Way("one-delta", characters=1_000_000),
    Way("sparse", is_sparse=True),
    Way("huge", lambda frames: [piece for frame in frames for piece in
                                (frame[i:i + 65_521] for i in range(0, len(frame), 65_521))], padding=HUGE_BYTES),
)
PLAIN = WAYS[0]
