import * as vscode from 'vscode';
import { HumanError } from '../core/errors';

/** Throws {@link HumanError} where the person has not trusted the workspace; `then` is what to do again afterwards: "launch". */
export function mustTrust(then: string): void {
  if (!vscode.workspace.isTrusted) throw new HumanError(`This workspace is not trusted, so nothing in it is executed. Trust it (command "Workspaces: Manage Workspace Trust") and ${then} again.`);
}
