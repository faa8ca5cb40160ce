// The Files API: uploads, what is known of them, and their end. Their bytes are for Replicate itself.
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDownloadAllowed } from '../files/download-signature.js';
import { fileBody } from '../files/stored-file.js';
import { fileTooLarge, isContentPart, LARGEST_FILE, readUpload } from '../files/upload.js';
import { isProblem, problem } from '../problem.js';
import { accountOfCaller } from './gate.js';
import { sendProblem } from './replies.js';
import { wireContext, type SandboxState } from './sandbox-state.js';

interface IdPath {
  readonly id: string;
}

type Signed = Readonly<Partial<Record<'owner' | 'expiry' | 'signature', string>>>;

const fileNotFound = problem(404, { detail: 'File not found' });

/** Replicate's own words are not known. */
const badSignature = problem(403, { detail: 'Invalid or expired signature' });

/** Adds `POST`, `GET /files`, `GET` and `DELETE /files/{id}`. */
export async function addFileRoutes(api: FastifyInstance, state: SandboxState): Promise<void> {
  await api.register(multipart, { limits: { fileSize: LARGEST_FILE }, isPartAFile: isContentPart });
  api.post('/files', { bodyLimit: 2 * LARGEST_FILE }, (request, reply) => upload(state, request, reply));
  api.get('/files', (request) => ({
    previous: null,
    next: null,
    results: state.files
      .all(accountOfCaller(request))
      .map((file) => fileBody(file, wireContext(state).baseUrl)),
  }));
  api.get<{ Params: IdPath }>('/files/:id', (request, reply) => {
    const file = state.files.get(request.params.id, accountOfCaller(request));
    return file ? fileBody(file, wireContext(state).baseUrl) : sendProblem(reply, fileNotFound);
  });
  api.delete<{ Params: IdPath }>('/files/:id', (request, reply) =>
    state.files.delete(request.params.id, accountOfCaller(request))
      ? reply.code(204).send()
      : sendProblem(reply, fileNotFound),
  );
}

/** Adds `GET /files/{id}/download`, which asks for a signature in place of a token. */
export function addDownloadRoute(open: FastifyInstance, state: SandboxState): void {
  open.get<{ Params: IdPath; Querystring: Signed }>(
    '/files/:id/download',
    ({ params: { id }, query }, reply) => {
      const { clock, filesSecret } = state.settings;
      const claim = { id, owner: query.owner ?? '', expiry: query.expiry ?? '' };
      const isAllowed = isDownloadAllowed(claim, query.signature ?? '', filesSecret, clock());
      if (!isAllowed) return sendProblem(reply, badSignature);
      const file = state.files.get(id);
      if (!file) return sendProblem(reply, fileNotFound);
      return reply.type('application/octet-stream').send(file.bytes);
    },
  );
}

async function upload(
  state: SandboxState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const read = await readUpload(request.parts());
    if (isProblem(read)) return sendProblem(reply, read);
    return reply
      .code(201)
      .send(fileBody(state.files.add(read, accountOfCaller(request)), wireContext(state).baseUrl));
  } catch (error) {
    if (codeOf(error) === 'FST_REQ_FILE_TOO_LARGE') return sendProblem(reply, fileTooLarge);
    const detail = error instanceof Error ? error.message : String(error);
    return sendProblem(reply, problem(400, { detail, status: 400 }));
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
