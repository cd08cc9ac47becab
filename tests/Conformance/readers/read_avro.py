"""Prints the records of an Avro container file as JSON, one a line, as Debian's python3-avro reads them: read_avro.py FILE"""
import datetime
import json
import sys

import avro.datafile
import avro.io

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def plain(value):
    # timestamp-millis comes as a datetime
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(milliseconds=1)
    raise TypeError(type(value))


with avro.datafile.DataFileReader(open(sys.argv[1], "rb"), avro.io.DatumReader()) as records:
    for record in records:
        print(json.dumps(record, default=plain))
