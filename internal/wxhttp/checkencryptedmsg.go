package wxhttp

import (
	"strconv"

	"github.com/wxlogin/wxlogin/internal/world"
)

// checkEncryptedMsg is checkEncryptedData. The spelling of vaild is WeChat's. An absent hash is 47001, as absent fields are in the
// general table.
func (h *handler) checkEncryptedMsg(c *call, caller world.Caller, o object) answer {
	hash, refusal := h.textField(o, "encrypted_msg_hash")
	if refusal != nil {
		return answer{refusal: refusal}
	}
	message, refusal := caller.CheckEncrypted(hash)
	if refusal != nil {
		return answer{refusal: refusal}
	}
	c.record.Reason = message.Note
	body := make([]byte, 0, 80)
	body = append(body, `{"errcode":0,"errmsg":"ok","vaild":true,"create_time":`...)
	body = strconv.AppendInt(body, message.CreatedAt.Unix(), 10)
	return answer{body: append(body, '}')}
}
