package loginhttp

import (
	"net/http"

	"github.com/wxlogin/wxlogin/internal/login"
)

// Inspect answers POST {"token"} with what [login.Service.Inspect] finds. A simulation mounts it in its control API: its keys live in
// its process only, so nobody else can judge its tokens.
func Inspect(service *login.Service) http.Handler {
	return route("/_mock/inspect", func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Token string `json:"token"`
		}
		if err := readJSON(r, &in); err != nil {
			return err
		}
		if in.Token == "" {
			return badRequest(`the body must be a JSON object with "token"`)
		}
		inspection, err := service.Inspect(r.Context(), in.Token)
		if err != nil {
			return err
		}
		return answer(w, inspection)
	}, http.MethodPost)
}
