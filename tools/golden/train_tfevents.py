"""Golden for learn/train's TensorBoard files: records as the tensorboard package writes them. Needs `pip install tensorboard`.

python tools/golden/train_tfevents.py        (from the repository's root)
"""

import io
import json
import pathlib

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def frame(event):
    file = io.BytesIO()
    RecordWriter(file).write(event.SerializeToString())
    return file.getvalue().hex()


VALUES = [("train/loss", 2.5), ("train/lr", 1e-4), ("eval/bits_per_byte", 1.75)]
values = [Summary.Value(tag=tag, simple_value=value) for tag, value in VALUES]
data = {
    "version": frame(Event(wall_time=1700000000.25, file_version="brain.Event:2")),
    "restart": frame(Event(wall_time=1700000001.5, step=301, session_log=SessionLog(status=SessionLog.START))),
    "scalars": frame(Event(wall_time=1700000002.0, step=123456, summary=Summary(value=values))),
}
folder = pathlib.Path("tests/golden/learn_train/tfevents")
folder.mkdir(parents=True, exist_ok=True)
(folder / "data.json").write_text(json.dumps(data, indent=1) + "\n")
origin = {
    "library": "tensorboard",
    "version": tensorboard.__version__,
    "command": "python tools/golden/train_tfevents.py",
    "seed": None,
    "tolerance": 0,
    "why": "bytes are equal or they are not",
}
(folder / "origin.json").write_text(json.dumps(origin, indent=1) + "\n")
