import { loadReference } from "../backend/index.ts";

// A setup file of every test: float64 stands ready beside the default, as `await loadReference()` makes it in a program.
await loadReference();
