// A PostgreSQL of the bench's own, beside the server under test as in production, and not on its core.
import { openEmbeddedDatabase } from '../../dist/database/embedded/embedded-database.js';

const database = await openEmbeddedDatabase({ dataDir: process.argv[2], password: 'bench', owner: true });
process.once('SIGTERM', () => void database.stop().then(() => process.exit(0)));
process.stdout.write(`database ${database.url}\n`);
setInterval(() => undefined, 60_000);
