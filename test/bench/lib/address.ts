/** The variable that names the file to which the part of the benchmark in the extension host writes its address. */
export const addressVariable = 'PROCESSION_BENCH_ADDRESS';
