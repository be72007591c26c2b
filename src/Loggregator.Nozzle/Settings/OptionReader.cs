namespace Loggregator.Nozzle.Settings;

/// <summary>
/// Options by name, as a sink reads them: whatever was asked for is known, and what is left over at the end is an error that names the
/// nearest known one. Collects all errors; they never repeat the value of a secret.
/// </summary>
/// <param name="values">Names and their values, in the order of writing.</param>
/// <param name="errors">Gets what is wrong, as sentences without a subject.</param>
internal sealed class OptionReader(IReadOnlyDictionary<string, IReadOnlyList<string>> values, List<string> errors)
{
    private readonly SortedSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _secrets = [];

    /// <summary>Values that must never be shown.</summary>
    public IReadOnlyList<string> Secrets => _secrets;

    /// <summary>Reads a value of a type that <see cref="ValueText"/> knows; the first one given counts.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="fallback">The value where it is not given.</param>
    /// <param name="min">The least value, where it has an order.</param>
    /// <param name="max">The greatest value, where it has an order.</param>
    public T Read<T>(string name, T fallback, T? min = null, T? max = null)
        where T : struct, IComparable
    {
        if (!TryTake(name, out var given))
        {
            return fallback;
        }

        if (!ValueText.TryRead(typeof(T), [Normal<T>(given[0])], out var value, out var expected))
        {
            errors.Add($"{name}: '{given[0]}' is not {Shown<T>(expected)}.");
            return fallback;
        }

        if ((min is { } least && least.CompareTo(value) > 0) || (max is { } most && most.CompareTo(value) < 0))
        {
            errors.Add($"{name}: '{given[0]}' is out of range: it must be {(min is null ? "" : $"at least {ValueText.Write(min)}")}{(min is null || max is null ? "" : " and ")}{(max is null ? "" : $"at most {ValueText.Write(max)}")}.");
            return fallback;
        }

        return (T)value!;
    }

    /// <summary>Reads a text.</summary>
    public string? Text(string name, bool secret = false)
    {
        if (!TryTake(name, out var given))
        {
            return null;
        }

        if (secret)
        {
            _secrets.AddRange(given);
        }

        return given[0];
    }

    /// <summary>Reads all values of an option, each of which may hold several, separated by commas.</summary>
    public IReadOnlyList<string> List(string name) =>
        TryTake(name, out var given) ? [.. given.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))] : [];

    /// <summary>Takes all options of which the name satisfies a condition, and are not known otherwise.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Rest(Func<string, bool> condition, Func<string, bool> isSecret)
    {
        var rest = values.Where(option => !_known.Contains(option.Key) && condition(option.Key)).ToList();
        foreach (var (name, given) in rest)
        {
            _known.Add(name);
            if (isSecret(name))
            {
                _secrets.AddRange(given);
            }
        }

        return [.. rest.Select(option => new KeyValuePair<string, string>(option.Key, option.Value[0]))];
    }

    /// <summary>Adds an error.</summary>
    public void Fail(string error) => errors.Add(error);

    /// <summary>Complains of what nobody asked for.</summary>
    public void Finish()
    {
        foreach (var name in values.Keys.Where(name => !_known.Contains(name)))
        {
            errors.Add($"there is no option '{name}'.{Nearest.Hint(name, _known)}");
        }
    }

    // Enums are written in words with hyphens.
    private static string Normal<T>(string text) => typeof(T).IsEnum ? text.Replace("-", "", StringComparison.Ordinal) : text;

    private static string Shown<T>(string expected) => !typeof(T).IsEnum
        ? expected
        : "one of " + string.Join(", ", Enum.GetNames(typeof(T)).Select(name => string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()))));

    private bool TryTake(string name, out IReadOnlyList<string> given)
    {
        _known.Add(name);
        if (!values.TryGetValue(name, out given!) || given.Count == 0)
        {
            given = [];
            return false;
        }

        return true;
    }
}
