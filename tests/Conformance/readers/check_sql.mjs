// Parses SQL with dt-sql-parser's grammars of Flink and Spark. Prints the faults, none when all is well.
// Usage: node check_sql.mjs PACKAGE (flink|spark FILE)...
import { readFileSync, existsSync, statSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

// The package is written for bundlers: its imports name folders, and files without their ending.
export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && context.parentURL?.startsWith('file:')) {
    const url = new URL(specifier, context.parentURL).href;
    const path = fileURLToPath(url);
    if (existsSync(path) && statSync(path).isDirectory()) return next(url + '/index.js', context);
    if (!existsSync(path) && existsSync(path + '.js')) return next(url + '.js', context);
  }
  return next(specifier, context);
}

// this file is also the hook that it registers, on a thread of its own
if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.length > 3 && !process.env.CHECK_SQL_HOOK) {
  process.env.CHECK_SQL_HOOK = '1';
  register(import.meta.url);
  const { FlinkSQL, SparkSQL } = await import(pathToFileURL(process.argv[2] + '/dist/index.js').href);
  for (let i = 3; i < process.argv.length; i += 2) {
    const parser = process.argv[i] === 'flink' ? new FlinkSQL() : new SparkSQL();
    for (const fault of parser.validate(readFileSync(process.argv[i + 1], 'utf8')))
      console.log(`${process.argv[i + 1]}:${fault.startLine}: ${fault.message}`);
  }
}
