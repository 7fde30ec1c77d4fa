package main

import (
	"fmt"
	"strconv"
	"strings"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

type condition func(*request) bool

// compileMatch turns a route's match into a function and into words. What is unknown here matches nothing.
func compileMatch(match *route.RouteMatch) (condition, string, error) {
	path, title, err := compilePath(match)
	if err != nil {
		return nil, "", err
	}
	conditions := []condition{path}
	for _, header := range match.GetHeaders() {
		c, words, err := compileHeader(header)
		if err != nil {
			return nil, "", err
		}
		conditions, title = append(conditions, c), title+", header "+words
	}
	for _, parameter := range match.GetQueryParameters() {
		text, words, err := compileText(parameter.GetStringMatch())
		if err != nil {
			return nil, "", err
		}
		name := parameter.GetName()
		conditions = append(conditions, func(r *request) bool {
			values, present := r.query[name]
			if parameter.GetStringMatch() == nil {
				return present == parameter.GetPresentMatch()
			}
			return present && text(values[0])
		})
		title += ", query " + name + words
	}
	return func(r *request) bool {
		for _, c := range conditions {
			if !c(r) {
				return false
			}
		}
		return true
	}, title, nil
}

func compilePath(match *route.RouteMatch) (condition, string, error) {
	fold := func(s string) string { return s }
	if match.GetCaseSensitive() != nil && !match.GetCaseSensitive().GetValue() {
		fold = strings.ToLower
	}
	switch specifier := match.GetPathSpecifier().(type) {
	case *route.RouteMatch_Prefix:
		prefix := fold(specifier.Prefix)
		return func(r *request) bool { return strings.HasPrefix(fold(r.path), prefix) }, "prefix " + specifier.Prefix, nil
	case *route.RouteMatch_Path:
		path := fold(specifier.Path)
		return func(r *request) bool { return fold(r.path) == path }, "path " + specifier.Path, nil
	case *route.RouteMatch_PathSeparatedPrefix:
		prefix := fold(specifier.PathSeparatedPrefix)
		return func(r *request) bool {
			rest, found := strings.CutPrefix(fold(r.path), prefix)
			return found && (rest == "" || rest[0] == '/')
		}, "path-separated-prefix " + specifier.PathSeparatedPrefix, nil
	case *route.RouteMatch_SafeRegex:
		pattern := specifier.SafeRegex.GetRegex()
		expression, err := wholeMatch(pattern)
		if err != nil {
			return nil, "", err
		}
		return func(r *request) bool { return expression.MatchString(r.path) }, "regex " + pattern, nil
	}
	return func(*request) bool { return false }, fmt.Sprintf("unknown %T", match.GetPathSpecifier()), nil
}

func compileHeader(header *route.HeaderMatcher) (condition, string, error) {
	name := header.GetName()
	test, words := func(string) bool { return true }, ""
	wantsPresent := true
	switch specifier := header.GetHeaderMatchSpecifier().(type) {
	case *route.HeaderMatcher_StringMatch:
		var err error
		if test, words, err = compileText(specifier.StringMatch); err != nil {
			return nil, "", err
		}
	case *route.HeaderMatcher_PresentMatch:
		wantsPresent = specifier.PresentMatch
	case *route.HeaderMatcher_RangeMatch:
		low, high := specifier.RangeMatch.GetStart(), specifier.RangeMatch.GetEnd()
		words = fmt.Sprintf(" in [%d,%d)", low, high)
		test = func(s string) bool {
			n, err := strconv.ParseInt(s, 10, 64)
			return err == nil && n >= low && n < high
		}
	case nil: // present
	default:
		test, words = func(string) bool { return false }, fmt.Sprintf(" unknown %T", specifier)
	}
	return func(r *request) bool {
		value, present := r.value(name)
		if !present && header.GetTreatMissingHeaderAsEmpty() {
			value, present = "", true
		}
		if !wantsPresent {
			return !present != header.GetInvertMatch()
		}
		return (present && test(value)) != header.GetInvertMatch()
	}, name + words, nil
}

// compileText turns a string match into a test and into words; nil matches everything.
func compileText(match *matcher.StringMatcher) (func(string) bool, string, error) {
	fold := func(s string) string { return s }
	if match.GetIgnoreCase() {
		fold = strings.ToLower
	}
	switch pattern := match.GetMatchPattern().(type) {
	case nil:
		return func(string) bool { return true }, "", nil
	case *matcher.StringMatcher_Exact:
		return func(s string) bool { return fold(s) == fold(pattern.Exact) }, "=" + pattern.Exact, nil
	case *matcher.StringMatcher_Prefix:
		return func(s string) bool { return strings.HasPrefix(fold(s), fold(pattern.Prefix)) }, "=" + pattern.Prefix + "*", nil
	case *matcher.StringMatcher_Suffix:
		return func(s string) bool { return strings.HasSuffix(fold(s), fold(pattern.Suffix)) }, "=*" + pattern.Suffix, nil
	case *matcher.StringMatcher_Contains:
		return func(s string) bool { return strings.Contains(fold(s), fold(pattern.Contains)) }, "=*" + pattern.Contains + "*", nil
	case *matcher.StringMatcher_SafeRegex:
		expression, err := wholeMatch(pattern.SafeRegex.GetRegex())
		if err != nil {
			return nil, "", err
		}
		return expression.MatchString, "~" + pattern.SafeRegex.GetRegex(), nil
	}
	return func(string) bool { return false }, fmt.Sprintf(" unknown %T", match.GetMatchPattern()), nil
}

// value reads a header or one of HTTP/2's pseudo headers, by which Cilium matches host and method.
func (r *request) value(name string) (string, bool) {
	switch strings.ToLower(name) {
	case ":authority", "host":
		return r.host, true
	case ":method":
		return r.method, true
	case ":path":
		return r.path, true
	case ":scheme":
		return r.scheme, true
	}
	return r.header(name)
}
