// The two profiles field by field: what each side knows, and why a field is empty. Empty is normal (为空是正常情况).

/** @type {Record<string, string>} */
const LABELS = {
  nick_name: '昵称',
  avatar: '头像',
  open_id: 'open_id',
  user_id: 'user_id',
  union_id: 'union_id',
  gender: '性别',
  province: '省份',
  city: '城市',
  user_type: '账户类型',
  user_status: '账户状态',
  is_certified: '实名认证',
  is_student_certified: '学生认证',
};

/** @type {Record<string, string>} */
const MEANINGS = {
  'gender F': '女性',
  'gender M': '男性',
  'user_type 1': '公司账户',
  'user_type 2': '个人账户',
  'user_status Q': '快速注册用户',
  'user_status T': '已认证用户',
  'user_status B': '被冻结账户',
  'user_status W': '已注册，未激活的账户',
  'is_certified T': '通过实名认证',
  'is_certified F': '没有实名认证',
  'is_student_certified T': '是学生',
  'is_student_certified F': '不是学生',
};

/** @type {Record<string, string>} */
const NOT_SET = { nick_name: '没有设置昵称', avatar: '没有设置头像' };

/** Why the server has no such field. @type {(key: string, member: Member) => string} */
function serverNote(key, member) {
  if (!member.profile_at) return '尚未获取';
  if (key === 'nick_name' && member.user_type === '1') return '企业账户没有昵称';
  return NOT_SET[key] || '没有填写，或须另行申请';
}

/**
 * One row a field: without the ids that this app does not get, and before the profile is fetched without its details.
 * @param {Member} member as the server saved it
 * @param {Told | null} client as the client was told it
 */
export function compare(member, client) {
  /** @type {Record<string, string>} */
  const told = client ? { nick_name: client.nickName, avatar: client.avatar } : {};
  const keys = Object.keys(LABELS).filter(
    (key) => member[key] || NOT_SET[key] || (member.profile_at && !key.endsWith('_id')),
  );
  return keys.map((key) => {
    const value = member[key] || '';
    const meaning = MEANINGS[`${key} ${value}`];
    return {
      key,
      label: LABELS[key],
      client: told[key] || '',
      clientNote: !NOT_SET[key] ? '客户端得不到' : client ? '客户端得到的是空值' : '尚未读取',
      server: meaning ? `${value} · ${meaning}` : value,
      serverNote: serverNote(key, member),
      differs: Boolean(told[key] && value && told[key] !== value),
    };
  });
}
