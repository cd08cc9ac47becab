// Prints the records of an Avro container file as JSON, one a line, as avsc reads them: read_avro.js AVSC FILE
'use strict';

const avro = require(process.argv[2]);

// JavaScript's numbers hold 53 bits, and nanoseconds since 1970 need 61: BigInt instead.
const long = avro.types.LongType.__with({
  fromBuffer: buffer => buffer.readBigInt64LE(),
  toBuffer: value => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: value => typeof value === 'bigint',
  compare: (a, b) => (a === b ? 0 : a < b ? -1 : 1),
});

// JSON.stringify knows no BigInt
function json(value) {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${json(inner)}`).join()}}`;
  }
  return JSON.stringify(value);
}

const options = { registry: { long } };
avro
  .createFileDecoder(process.argv[3], { parseHook: schema => avro.Type.forSchema(schema, options) })
  .on('data', record => console.log(json(record)))
  .on('error', error => {
    console.error(error.message);
    process.exitCode = 1;
  });
