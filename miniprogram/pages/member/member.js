// SPDX-License-Identifier: MIT-0
// 会员中心: the only place that asks for consent (授权), and only when the user taps the button.
import { call, savedSession, send, signIn, signOut } from '../../api.js';
import { NO_PRODUCT, NO_SCOPE, errorFor } from '../../messages.js';
import { run } from '../../task.js';
import { authUserInfo, openUserInfo } from './display.js';
import { compare } from './fields.js';

const app = getApp();

/** @type {MemberView} */
const EMPTY = {
  rows: [],
  client: null,
  authorised: false,
  offerDisplay: false,
  notice: '',
  error: null,
};

/** The signed profile, through our server; asks for consent at most once. */
async function fetchProfile() {
  if (savedSession().scope === 'auth_user') {
    try {
      // within the session's life the user is not sent to Alipay again
      return await call('POST', '/api/member');
    } catch (error) {
      if (!NO_SCOPE.includes(error.code)) throw error;
    }
  }
  await signIn('auth_user'); // the ids are saved by now, whatever comes next
  return send('POST', '/api/member'); // not call(): a silent login would lose the scope just given
}

Page({
  data: { ...EMPTY, busy: '' },

  onLoad() {
    if (app.globalData.member) this.show(null);
    else if (savedSession().token) this.load();
  },

  /** Shows what the server has saved already; asks Alipay for nothing. */
  load() {
    run(this, 'load', async () => {
      app.globalData.member = (await call('GET', '/api/member')).member;
      this.show(null);
    });
  },

  /** 授权并获取会员信息 */
  getProfile() {
    run(this, 'getProfile', async () => {
      this.setData({ notice: '' });
      let withoutProduct = null;
      try {
        app.globalData.member = (await fetchProfile()).member;
      } catch (error) {
        this.show(this.data.client);
        if (error.code !== NO_PRODUCT) throw error;
        // the server keeps the ids; the phone may still show the display profile
        withoutProduct = error;
      }
      this.show((await authUserInfo()) || this.data.client);
      this.setData({ offerDisplay: !this.data.client });
      if (withoutProduct) throw withoutProduct;
    });
  },

  /** After the getAuthorize button, today's route to the display profile: for the screen only. */
  readDisplay() {
    run(this, 'readDisplay', async () => {
      this.show(await openUserInfo());
      this.setData({ offerDisplay: false });
    });
  },

  displayRefused() {
    this.setData({ error: errorFor('getAuthorize') });
  },

  /** @param {DisplayProfile | null} client */
  show(client) {
    const { member } = app.globalData;
    const authorised = savedSession().scope === 'auth_user';
    this.setData({ client, authorised, rows: member ? compare(member, client) : [] });
  },

  /** The way on that the error names. */
  goOn() {
    if (!this.data.error) return; // the second of two quick taps
    const { next, action } = this.data.error;
    if (next === 'leave') my.navigateBack();
    else if (next === 'authorise') this.getProfile();
    else this[/** @type {'load'} */ (action)]();
  },

  logOut() {
    run(this, 'logOut', async () => {
      await send('DELETE', '/api/session');
      signOut();
      this.setData({ ...EMPTY, notice: '已退出登录。服务端保存的会员信息没有删除。' });
    });
  },

  /** 忘记我 */
  forget() {
    run(this, 'forget', async () => {
      const { confirm } = await my.confirm({
        title: '忘记我',
        confirmButtonText: '删除',
        cancelButtonText: '取消',
        content: '服务端保存的会员信息和登录状态都会删除，不能恢复。',
      });
      if (!confirm) return;
      await call('DELETE', '/api/member');
      signOut();
      this.setData({ ...EMPTY, notice: '已删除服务端保存的会员信息。' });
    });
  },
});
