using System.Reflection;
using System.Text.RegularExpressions;
using Loggregator.Nozzle;
using Loggregator.Nozzle.Settings;
using Loggregator.Nozzle.Sinks;

namespace Loggregator.Configuration;

/// <summary>
/// Puts settings into the options objects of their sections, later settings over earlier ones, and collects everything that is wrong.
/// The options classes are the schema: a public property is a key.
/// </summary>
internal sealed class SettingsBinder(IReadOnlyDictionary<string, object> sections, List<string> errors)
{
    private readonly Dictionary<string, string> _origins = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes one setting over.</summary>
    public void Apply(Setting setting)
    {
        var parts = setting.Key.Split(':', 3);
        var section = sections.FirstOrDefault(s => s.Key.Equals(parts[0], StringComparison.OrdinalIgnoreCase));
        if (section.Value is null)
        {
            errors.Add($"{setting.Key} ({setting.Origin}): there is no section '{parts[0]}'.{Nearest.Hint(parts[0], [.. sections.Keys])}");
            return;
        }

        var properties = Properties(section.Value);
        var property = parts.Length > 1 ? properties.FirstOrDefault(p => p.Name.Equals(parts[1], StringComparison.OrdinalIgnoreCase)) : null;
        if (property is null)
        {
            var name = parts.Length > 1 ? parts[1] : "";
            errors.Add($"{setting.Key} ({setting.Origin}): section {section.Key} has no key '{name}'.{Nearest.Hint(name, [.. properties.Select(p => p.Name)])}");
            return;
        }

        Apply(setting, section.Value, section.Key, property, parts.Length > 2 ? parts[2] : null);
    }

    /// <summary>Where the value of a key was written; null when it is the default.</summary>
    public string? Origin(string key) => _origins.GetValueOrDefault(key);

    /// <summary>All keys of all sections with their values.</summary>
    public IEnumerable<(string Key, string Value, string? Origin)> Effective(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            foreach (var property in Properties(sections[name]))
            {
                var key = $"{name}:{property.Name}";
                if (sections[name] is NozzleOptions nozzle && property.Name is nameof(NozzleOptions.Sink) or nameof(NozzleOptions.Sinks))
                {
                    foreach (var (shown, text) in SinkDefinition.Shown(nozzle).Where(sink => sink.Key == key || sink.Key.StartsWith(key + ":", StringComparison.Ordinal)))
                    {
                        yield return (shown, text, Origin(shown));
                    }

                    continue;
                }

                yield return (key, ValueText.Write(property.GetValue(sections[name])), Origin(key));
            }
        }
    }

    /// <summary>Adds to a message of a validator where the value of the key that it names was written.</summary>
    public string WithOrigin(string message, string section)
    {
        var key = _origins.Keys
            .Where(k => k.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase))
            .Where(k => Regex.IsMatch(message, $@"\b{Regex.Escape(k[(section.Length + 1)..])}\b", RegexOptions.IgnoreCase))
            .MaxBy(k => k.Length);
        return key is null ? message : $"{message} ({_origins[key]})";
    }

    private static PropertyInfo[] Properties(object options) =>
        [.. options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite || p.PropertyType == typeof(Dictionary<string, string>))];

    private void Apply(Setting setting, object options, string section, PropertyInfo property, string? entry)
    {
        var key = $"{section}:{property.Name}";
        if (property.PropertyType == typeof(Dictionary<string, string>))
        {
            ApplyMap(setting, (Dictionary<string, string>)property.GetValue(options)!, key, entry);
        }
        else if (property.PropertyType == typeof(Dictionary<string, Dictionary<string, string[]>>))
        {
            ApplyMaps(setting, (Dictionary<string, Dictionary<string, string[]>>)property.GetValue(options)!, key, entry);
        }
        else if (entry is not null)
        {
            errors.Add($"{setting.Key} ({setting.Origin}): {key} has no keys of its own.");
        }
        else if (property.IsDefined(typeof(WholeValuesAttribute)))
        {
            property.SetValue(options, setting.Values.ToArray());
            _origins[key] = setting.Origin;
        }
        else if (ValueText.TryRead(property.PropertyType, setting.Values, out var value, out var expected))
        {
            property.SetValue(options, value);
            _origins[key] = setting.Origin;
        }
        else
        {
            errors.Add($"{key} ({setting.Origin}): '{string.Join(",", setting.Values)}' is not {expected}.");
        }
    }

    private void ApplyMaps(Setting setting, Dictionary<string, Dictionary<string, string[]>> maps, string key, string? entry)
    {
        if (entry?.Split(':', 2) is not [{ Length: > 0 } name, { Length: > 0 } option])
        {
            errors.Add($"{setting.Key} ({setting.Origin}): write {key}:NAME:OPTION, or an object of objects in a file.");
            return;
        }

        _origins[$"{key}:{name}:{option}"] = setting.Origin;
        if (!maps.TryGetValue(name, out var map))
        {
            maps.Add(name, map = new Dictionary<string, string[]>(StringComparer.Ordinal));
        }

        map[option] = [.. setting.Values];
    }

    private void ApplyMap(Setting setting, Dictionary<string, string> map, string key, string? entry)
    {
        _origins[key] = setting.Origin;
        if (entry is not null)
        {
            map[entry] = string.Join(",", setting.Values);
            return;
        }

        foreach (var pair in setting.Values.SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add($"{key} ({setting.Origin}): '{pair}' is not name=value.");
                continue;
            }

            map[pair[..equals].Trim()] = pair[(equals + 1)..].Trim();
        }
    }
}
