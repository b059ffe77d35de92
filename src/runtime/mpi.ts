/**
 * Open MPI by its C interface: `libmpi.so.40` of releases 4 and 5, found by the dynamic loader. Its communicators, types and operations are
 * data symbols whose addresses are the handles.
 */
import { availableParallelism, cpus } from "node:os";
import { type LibraryHandle, load } from "koffi";
import { TalkfaceError } from "../base/errors.js";
import type { JobPlace } from "../base/job-place.js";
import { warn } from "../base/log.js";
import type { Ranks } from "./ranks.js";

const libraryName = process.platform === "darwin" ? "libmpi.40.dylib" : "libmpi.so.40";

/** What to do where Open MPI is not found. */
export const mpiRemedy = "Install Open MPI 4 or 5 (Debian and Ubuntu: apt-get install openmpi-bin) and let the dynamic loader find its libraries (LD_LIBRARY_PATH).";

function loadMpi(): LibraryHandle {
  try {
    return load(libraryName, { global: true }); // its plug-ins look for its symbols
  } catch (error) {
    throw new TalkfaceError("device", `Open MPI: ${(error as Error).message.split("\n")[0]}. ${mpiRemedy}`, { cause: error });
  }
}

/** The version line of the library, without joining anything. */
export function mpiVersion(): string {
  const version = loadMpi().func("int MPI_Get_library_version(_Out_ char *version, _Out_ int *length)");
  const text = Buffer.alloc(256); // MPI_MAX_LIBRARY_VERSION_STRING
  version(text, [0]);
  return text.toString("utf8", 0, text.indexOf(0)).split(/,|\n/)[0] as string;
}

/** Joins the job that the launcher announced in `place`. */
export function joinMpi(place: JobPlace): Ranks {
  // A waiting rank lets others run, and one that srun started is not tied to a core by the library itself.
  process.env["OMPI_MCA_mpi_yield_when_idle"] ??= "1";
  if (place.launcher === "srun") process.env["OMPI_MCA_hwloc_base_binding_policy"] ??= "none";
  const library = loadMpi();
  const handle = (name: string): bigint => library.symbol(name) as bigint;
  const world = handle("ompi_mpi_comm_world");
  const call = (name: string, ...types: readonly string[]): ((...values: readonly unknown[]) => void) => {
    const run = library.func(name, "int", types);
    return (...values) => {
      const status = run(...values) as number;
      if (status !== 0) throw new TalkfaceError("internal", `internal: ${name} failed with status ${status}`);
    };
  };
  const number = (name: string): number => {
    const value = new Int32Array(1);
    call(name, "void *", "void *")(world, value);
    return value[0] as number;
  };

  call("MPI_Init", "void *", "void *")(null, null);
  const [rank, size] = [number("MPI_Comm_rank"), number("MPI_Comm_size")];
  const abort = call("MPI_Abort", "void *", "int");
  let isOpen = true;
  // The exit handler ends the process before Node would print what nobody caught.
  process.on("uncaughtExceptionMonitor", (error) => process.stderr.write(`${error.stack ?? error.message}\n`));
  process.on("exit", (status) => {
    if (!isOpen) return;
    process.stderr.write(`talkface: rank ${rank} of ${size} ends early, and all others with it.\n`);
    abort(world, status || 1);
  });
  if (size !== place.size) {
    throw new TalkfaceError("usage", `${place.launcher} started ${place.size} processes, but Open MPI finds ${size}: they were started by another MPI. Use the mpirun of Open MPI, or srun --mpi=pmix.`);
  }

  const share = Math.floor(cpus().length / place.localSize);
  if (rank === 0 && place.launcher === "mpirun" && place.bound && availableParallelism() < share) {
    warn(`mpirun ties every rank to ${availableParallelism()} of ${cpus().length} cores. With --bind-to none each would use ${share}.`);
  }
  const float = handle("ompi_mpi_float");
  const byte = handle("ompi_mpi_byte");
  const sum = handle("ompi_mpi_op_sum");
  const allReduce = call("MPI_Allreduce", "intptr_t", "void *", "int", "void *", "void *", "void *");
  const broadcast = call("MPI_Bcast", "void *", "int", "void *", "int", "void *");
  const barrier = call("MPI_Barrier", "void *");
  const finalize = call("MPI_Finalize");
  const inPlace = 1; // MPI_IN_PLACE
  let seconds = 0;
  return {
    rank,
    size,
    localSize: place.localSize,
    get seconds() {
      return seconds;
    },
    allReduceMean: (vector) => {
      const started = performance.now();
      allReduce(inPlace, vector, vector.length, float, sum, world);
      seconds += (performance.now() - started) / 1000;
      for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / size;
    },
    broadcast: (numbers) => broadcast(numbers, numbers.byteLength, byte, 0, world),
    barrier: () => barrier(world),
    close: () => {
      isOpen = false;
      finalize();
    },
  };
}
