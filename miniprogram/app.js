// SPDX-License-Identifier: MIT-0
App({
  // The member as the server last gave it; both pages show the same one.
  globalData: { member: null },
});
