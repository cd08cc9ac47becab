// Makes ClickHouse's tables of a definition, puts a file of records into the first as its Kafka engine would, and prints what was kept.
// Usage: node read_clickhouse.js PACKAGE DEFINITION FILE FORMAT COLUMNS
const fs = require('fs');
const { Session } = require(process.argv[2]);
const [definition, file, format, columns] = process.argv.slice(3);

const session = new Session();
// the engine inside this process has no Kafka; a table that keeps nothing feeds its views alike
const tables = fs.readFileSync(definition, 'utf8').replace(/ENGINE = Kafka\nSETTINGS[^;]*;/, 'ENGINE = Null;');
session.query('create database d');
session.query('use d');
for (const statement of tables.split(/;\n/)) if (statement.trim()) session.query(statement);
if (format === 'JSONEachRow') session.query('insert into flowpipe_sessions_queue format JSONEachRow ' + fs.readFileSync(file, 'utf8'));
else session.query(`insert into flowpipe_sessions_queue from infile '${file}' format ${format}`);
process.stdout.write(session.query(`select ${columns} from flowpipe_sessions order by 1`, 'TSV'));
