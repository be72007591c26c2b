using System.Text;

namespace Loggregator.Nozzle.Sinks;

/// <summary>A sink of the configuration: its name, and what its URL and options say. Immutable.</summary>
/// <param name="Name">Names its folder, its metrics and its share of the group.</param>
/// <param name="Spec">What it is.</param>
/// <param name="Text">Everything that was written of it but its filter, secrets included: two of one text are the same sink.</param>
internal sealed record SinkDefinition(string Name, SinkSpec Spec, string Text)
{
    private const int MaxName = 64;
    private const string UrlKey = "url";

    /// <summary>All sinks of a configuration, in the order of their names; what is wrong goes into <paramref name="errors"/>, without secrets.</summary>
    public static IReadOnlyList<SinkDefinition> ReadAll(NozzleOptions options, ICollection<string> errors)
    {
        var found = new SortedDictionary<string, SinkDefinition>(StringComparer.Ordinal);
        foreach (var (name, url) in options.Sink.Select(Split))
        {
            Add(name, url, [], "Nozzle:Sink", found, errors);
        }

        foreach (var (name, keys) in options.Sinks)
        {
            if (!keys.TryGetValue(UrlKey, out var url) || url.Length == 0)
            {
                errors.Add($"Nozzle:Sinks:{name} has no url: say where it delivers to, for example \"url\": \"file:///tmp/logs.ndjson\".");
                continue;
            }

            Add(name, url[0], keys, $"Nozzle:Sinks:{name}", found, errors);
        }

        return [.. found.Values];
    }

    /// <summary>What is written of the sinks, as key and value, with secrets struck out.</summary>
    public static IEnumerable<(string Key, string Value)> Shown(NozzleOptions options)
    {
        foreach (var (name, url) in options.Sink.Select(Split))
        {
            yield return ("Nozzle:Sink", (name is null ? "" : name + "=") + Show(url, [], url));
        }

        foreach (var (name, keys) in options.Sinks)
        {
            var url = keys.TryGetValue(UrlKey, out var given) && given.Length > 0 ? given[0] : "";
            foreach (var (key, values) in keys)
            {
                yield return ($"Nozzle:Sinks:{name}:{key}", Show(url, keys, string.Join(',', values)));
            }
        }
    }

    private static void Add(
        string? given, string url, Dictionary<string, string[]> keys, string key, SortedDictionary<string, SinkDefinition> found, ICollection<string> errors)
    {
        var options = keys.Where(pair => pair.Key != UrlKey).ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)pair.Value, StringComparer.Ordinal);
        var wrong = new List<string>();
        var spec = SinkSpec.Parse(url, options, wrong);
        foreach (var error in wrong)
        {
            errors.Add($"{key}: {error}");
        }

        if (spec is null)
        {
            return;
        }

        var name = given ?? NameOf(spec.Url);
        if (name.Length is 0 or > MaxName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') || name.Trim('.').Length == 0)
        {
            errors.Add($"{key}: '{name}' cannot be a sink's name, as a folder is named after it: take letters, digits, dots, hyphens and underscores, at most {MaxName}.");
        }
        else if (!found.TryAdd(name, new SinkDefinition(name, spec, TextOf(url, options))))
        {
            errors.Add($"{key}: there are two sinks '{name}'. Put another name in front of one: NAME={spec.Url}.");
        }
    }

    // Filters change without anything else, so they are no part of what the sink is.
    private static string TextOf(string url, Dictionary<string, IReadOnlyList<string>> keys)
    {
        var text = new StringBuilder();
        foreach (var (key, values) in SinkSpec.AllOptions(url, keys).Where(option => !SinkSpec.IsFilter(option.Key)).OrderBy(option => option.Key, StringComparer.Ordinal))
        {
            text.Append(key).Append('=').AppendJoin(',', values).Append('\n');
        }

        var end = url.IndexOfAny(url.StartsWith("https", StringComparison.OrdinalIgnoreCase) ? ['#'] : ['?', '#']);
        return text.Append(end < 0 ? url : url[..end]).ToString();
    }

    private static string Show(string url, Dictionary<string, string[]> keys, string text)
    {
        var spec = SinkSpec.Parse(url, keys.Where(pair => pair.Key != UrlKey).ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)pair.Value, StringComparer.Ordinal), []);
        return spec is null ? "***" : text == url ? spec.Url.ToString() : spec.Url.Redact(text);
    }

    private static (string? Name, string Url) Split(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return equals >= 0 && equals < colon ? (text[..equals], text[(equals + 1)..]) : (null, text);
    }

    private static string NameOf(SinkUrl url)
    {
        var what = url.Hosts.Count > 0 ? url.Hosts[0].Host : url.IsWeb ? "" : url.Path.Trim('/').Split('/')[^1];
        var name = string.Concat($"{url.Scheme}-{what}".Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')).Trim('-');
        return name[..Math.Min(name.Length, MaxName)];
    }
}
