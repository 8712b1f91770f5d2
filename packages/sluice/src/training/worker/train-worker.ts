/** The program of the worker in which a page trains. */
import type { Port } from "./peer.ts";
import { serve } from "./serve.ts";

serve(globalThis as unknown as Port);
