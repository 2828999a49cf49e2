import * as vscode from 'vscode';
import type { LaunchOptions } from '../../launch/options';

/** Where the input and output of a program go: as its configuration says, else as the setting does. */
export const consoleOf = (options: LaunchOptions): LaunchOptions['console'] => options.console ?? vscode.workspace.getConfiguration('procession').get<LaunchOptions['console']>('console');
