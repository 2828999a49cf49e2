export declare const keptAs: string;
export declare const names: readonly string[];
export declare const puttingAside: string;
export declare const command: string;
