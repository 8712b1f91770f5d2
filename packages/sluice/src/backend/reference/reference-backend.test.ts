import { kernelLaws } from "../testing/kernel-laws.ts";
import { createReferenceBackend } from "./index.ts";

// Against itself the comparisons cannot fail; what this holds it to are the laws with given answers, memory above all.
kernelLaws("reference", createReferenceBackend);
