// SPDX-License-Identifier: MIT-0
/** @typedef {{busy?: string, failure?: Failure | null}} Changes */

/**
 * Runs one action of a page: one at a time, so that a double tap sends once (防重复点击). What fails
 * is shown on the page, with the name of the method that 重试 calls again.
 * @param {{data: {busy: string}, setData(changes: Changes): void}} page
 * @param {Action} action
 * @param {() => Promise<void>} work
 */
export async function run(page, action, work) {
  if (page.data.busy) return;
  page.setData({ busy: action, failure: null });
  try {
    await work();
  } catch (failed) {
    if (!failed.next) throw failed; // not a failure() but a mistake of ours: let it be seen
    page.setData({ failure: { ...failed, action } });
  } finally {
    page.setData({ busy: '' });
  }
}
