package wxhttp

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A route is one call of the control API. To add one, write its line in [handler.controlRoutes] and its documentation; the
// generated docs/control-api.md shows what it answers, by asking it.
type route struct {
	method, path string
	endpoint     endpoint
	doc          routeDoc
}

// An endpoint serves a route, and knows what the route takes: made by [get], [query], [post] or [stream].
type endpoint struct {
	serve http.HandlerFunc
	in    reflect.Type // of the parameters, a struct with json tags; nil: none

	endless bool // the answer goes on until the caller goes
}

// A routeDoc is what a reader needs to know of a route.
type routeDoc struct {
	text   lang.T     // what it does
	fields []fieldDoc // what it takes, in the order of the struct
	before []string   // calls that come before the examples: "POST /_mock/login {}"

	// examples are bodies, or queries where the method is GET. Each meets a world of its own.
	examples []string
}

// A fieldDoc is a field of a body or a parameter of a query.
type fieldDoc struct {
	name string
	text lang.T
}

// byPath is how calls find their routes.
func byPath(routes []route) map[string]map[string]endpoint {
	found := make(map[string]map[string]endpoint, len(routes))
	for _, r := range routes {
		if found[r.path] == nil {
			found[r.path] = make(map[string]endpoint, 1)
		}
		found[r.path][r.method] = r.endpoint
	}
	return found
}

// readQuery reads the parameters of a query into the struct that into points at, and refuses what it does not know, as [readJSON]
// does. Its fields are texts, numbers and booleans, or pointers to those; 1 and 0 are booleans.
func readQuery(raw string, into any) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return badRequest("the query is not well-formed")
	}
	fields := reflect.ValueOf(into).Elem()
	known := fieldNames(fields.Type())
	for name, given := range values {
		i := slices.Index(known, name)
		switch {
		case i < 0:
			return badRequest("unknown parameter %q", wechat.Shown(name, 80))
		case len(given) > 1:
			return badRequest("parameter %q is given more than once", name)
		}
		field := fields.FieldByIndex(fieldsOf(fields.Type())[i].Index)
		if !setField(field, given[0]) {
			return badRequest("parameter %q is not a %s", name, typeName(field.Type()))
		}
	}
	return nil
}

// setField reports whether text is a value of the field's type.
func setField(field reflect.Value, text string) bool {
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch {
	case field.Kind() == reflect.String:
		field.SetString(text)
	case field.CanInt():
		number, err := strconv.ParseInt(text, 10, field.Type().Bits())
		field.SetInt(number)
		return err == nil
	case field.CanUint():
		number, err := strconv.ParseUint(text, 10, field.Type().Bits())
		field.SetUint(number)
		return err == nil
	case field.Kind() == reflect.Bool:
		truth, err := strconv.ParseBool(text)
		field.SetBool(truth)
		return err == nil
	default:
		panic("wxhttp: internal error: a query cannot hold a " + field.Type().String())
	}
	return true
}

// fieldNames are the names that a struct's fields have in JSON.
func fieldNames(t reflect.Type) []string {
	var names []string
	for _, field := range fieldsOf(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// fieldsOf are a struct's fields as JSON has them: those of embedded structs stand among the others.
func fieldsOf(t reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(t), func(field reflect.StructField) bool {
		return field.Anonymous || !field.IsExported()
	})
}

// typeName says to a caller what a field takes.
func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t != reflect.TypeFor[json.RawMessage]() {
			return "list"
		}
	case reflect.Map, reflect.Struct:
		return "object"
	}
	return "string"
}
