// SPDX-License-Identifier: MIT-0
// 首页: asks the user for nothing. A silent login (静默授权, auth_base) gives the id and the session.
import { call, hasSignedOut, savedSession, signIn } from '../../api.js';
import { run } from '../../task.js';

const app = getApp();

/** What the page shows of the member, if there is one. */
function memberView() {
  const { member } = app.globalData;
  return {
    id: String((member && (member.open_id || member.user_id)) || ''),
    signedOut: hasSignedOut(),
  };
}

Page({
  data: {
    busy: '',
    error: /** @type {AppError | null} */ (null),
    id: '',
    signedOut: false,
    leaving: false,
  },

  onLoad() {
    if (!hasSignedOut()) this.enter();
  },

  // Asks for nothing; the member centre may have logged in or out meanwhile.
  onShow() {
    this.setData({ ...memberView(), leaving: false });
  },

  /** A saved session that still works is used (有效期内不重复登录); else a silent login. */
  enter() {
    run(this, 'enter', async () => {
      if (savedSession().token) app.globalData.member = (await call('GET', '/api/member')).member;
      else await signIn('auth_base');
      this.setData(memberView());
    });
  },

  openMemberCentre() {
    if (this.data.leaving) return; // the second of two quick taps
    this.setData({ leaving: true });
    my.navigateTo({ url: '/pages/member/member', fail: () => this.setData({ leaving: false }) });
  },
});
