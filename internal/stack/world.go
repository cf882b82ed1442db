package stack

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wxlogin/wxlogin/internal/clock"
	"github.com/wxlogin/wxlogin/internal/world"
	"github.com/wxlogin/wxlogin/internal/world/worldfile"
	"github.com/wxlogin/wxlogin/internal/wxhttp"
)

// newWorld makes the world of a simulation from its file and its settings, of which the settings come first.
func newWorld(m *Mock, c *clock.Movable) (*world.World, error) {
	file := m.World
	if file == nil {
		file = &worldfile.File{}
	}
	options, err := file.Options()
	if err != nil {
		return nil, err
	}
	options.Clock, options.Adopt, options.Strict = c, m.Adopt, m.Strict
	for i, f := range options.Faults {
		if f.On != "" && !slices.Contains(wxhttp.APIs(), f.On) {
			reason := fmt.Sprintf("there is no API %q; there are %s", f.On, strings.Join(wxhttp.APIs(), ", "))
			return nil, &worldfile.Error{Field: fmt.Sprintf("faults[%d]", i), Reason: reason}
		}
	}
	if m.Seed != 0 {
		options.Seed = m.Seed
	}
	if m.PlusSlashPercent != 0 {
		options.PlusSlashPercent = m.PlusSlashPercent
	}
	options.Apps = defaultFirst(options.Apps, m.App)
	if m.Population != 0 {
		options.Apps[0].Population = m.Population
	}
	made, err := world.New(options)
	if conflict, ok := errors.AsType[*world.ConflictError](err); ok && m.World != nil { // two users, or two apps, where one can be
		return nil, &worldfile.Error{Reason: conflict.Error(), Err: conflict}
	}
	return made, err
}

// defaultFirst puts the configured app, if there is one, in front of those of the file. A file that holds it without a secret leaves
// the secret to the configuration, which is how a saved world comes back without having held it.
func defaultFirst(apps []world.App, configured world.App) []world.App {
	if configured.ID == "" {
		if len(apps) == 0 {
			return []world.App{world.DemoApp()}
		}
		return apps
	}
	i := slices.IndexFunc(apps, func(a world.App) bool { return a.ID == configured.ID })
	if i < 0 {
		return slices.Insert(slices.Clip(apps), 0, configured)
	}
	first := apps[i]
	if first.Invented {
		first.Secret, first.Invented = configured.Secret, false
	}
	return slices.Insert(slices.Delete(apps, i, i+1), 0, first)
}
