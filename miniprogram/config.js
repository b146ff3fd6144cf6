// SPDX-License-Identifier: MIT-0
// Where your server is. In the IDE's simulator this address works once
// 详情 > 域名信息 > 忽略 httpRequest 域名合法性检查 is ticked. A phone needs a public HTTPS name with a
// full certificate chain, e.g. 'https://member.example.com' (no IP or LAN address), listed under
// 开发设置 > 服务器域名白名单; upload the mini-program again after changing that list.
export const API_BASE = 'http://127.0.0.1:8000';
