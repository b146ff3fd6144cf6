// SPDX-License-Identifier: MIT-0
/** @typedef {{busy?: string, error?: AppError | null}} Changes */

/**
 * Runs one action of a page: one at a time, so that a double tap sends once (防重复点击). The page
 * shows an error with the action, which is the method that 重试 calls again.
 * @param {{data: {busy: string}, setData(changes: Changes): void}} page
 * @param {Action} action
 * @param {() => Promise<void>} work
 */
export async function run(page, action, work) {
  if (page.data.busy) return;
  page.setData({ busy: action, error: null });
  try {
    await work();
  } catch (error) {
    if (!error.next) throw error; // not from errorFor() but a bug of ours: let it be seen
    page.setData({ error: { ...error, action } });
  } finally {
    page.setData({ busy: '' });
  }
}
