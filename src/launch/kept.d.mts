export declare const keptAs: string;
export declare const puttingAside: string;
export declare const command: string;
