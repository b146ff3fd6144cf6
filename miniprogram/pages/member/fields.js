// SPDX-License-Identifier: MIT-0
// The two profiles field by field: each side's value, or why it is empty.
// Empty is normal (为空是正常情况).

/** The fields in the order in which they are shown. @type {Record<string, Field>} */
export const FIELDS = {
  nick_name: { label: '昵称', client: 'nickName', empty: '没有设置昵称' },
  avatar: { label: '头像', client: 'avatar', empty: '没有设置头像' },
  open_id: { label: '用户标识' },
  user_id: { label: '支付宝用户号' },
  union_id: { label: '跨应用标识' },
  gender: { label: '性别', values: { F: '女性', M: '男性' } },
  province: { label: '省份' },
  city: { label: '城市' },
  user_type: { label: '账户类型', values: { 1: '公司账户', 2: '个人账户' } },
  user_status: {
    label: '账户状态',
    values: { Q: '快速注册用户', T: '已认证用户', B: '被冻结账户', W: '已注册，未激活的账户' },
  },
  is_certified: { label: '实名认证', values: { T: '通过实名认证', F: '没有实名认证' } },
  is_student_certified: { label: '学生认证', values: { T: '是学生', F: '不是学生' } },
};

/**
 * One row for each field that is shown.
 * @param {Member} member as the server saved it
 * @param {DisplayProfile | null} client the client's own, null before it was read
 */
export function compare(member, client) {
  return Object.keys(FIELDS)
    .filter((key) => isShown(key, member))
    .map((key) => compareField(key, member, client));
}

/**
 * Leaves out ids that this app does not get, and details before the profile was fetched.
 * @type {(key: string, member: Member) => boolean}
 */
function isShown(key, member) {
  if (member[key] || FIELDS[key].client) return true;
  return Boolean(member.profile_at) && !key.endsWith('_id');
}

/** @type {(key: string, member: Member, client: DisplayProfile | null) => object} */
function compareField(key, member, client) {
  const { label, client: name, values = {} } = FIELDS[key];
  const saved = member[key] || '';
  const displayed = client && name ? client[name] : '';
  return {
    key,
    label,
    client: displayed,
    clientNote: clientNote(key, client),
    server: values[saved] ? `${saved} · ${values[saved]}` : saved,
    serverNote: serverNote(key, member),
    differs: Boolean(displayed && saved && displayed !== saved),
  };
}

/**
 * Why the client's side is empty.
 * @type {(key: string, client: DisplayProfile | null) => string}
 */
function clientNote(key, client) {
  if (!FIELDS[key].client) return '客户端得不到';
  return client ? '客户端得到的是空值' : '尚未读取';
}

/** Why the server's side is empty. @type {(key: string, member: Member) => string} */
function serverNote(key, member) {
  if (!member.profile_at) return '尚未获取';
  if (key === 'nick_name' && member.user_type === '1') return '企业账户没有昵称';
  return FIELDS[key].empty || '没有填写，或须另行申请';
}
