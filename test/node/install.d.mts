export declare const majors: string[];
export declare const ancient: string;
export declare function binaryOf(major: string): string;
export declare function install(major: string): boolean;
