using System.Reflection;
using System.Text.RegularExpressions;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Tests.Reference;

/// <summary>The limits of a setting in its validator's own words: it is given bad values, and the cures are what the reference says.</summary>
internal static partial class SettingLimits
{
    private static readonly Dictionary<Type, object[]> BadValues = new()
    {
        [typeof(int)] = [-1, 0, int.MaxValue],
        [typeof(long)] = [-1L, 0L, long.MaxValue],
        [typeof(TimeSpan)] = [TimeSpan.FromSeconds(-1), TimeSpan.Zero, TimeSpan.FromDays(10_000)],
        [typeof(string)] = ["", "x"],
        [typeof(string[])] = [Array.Empty<string>(), new[] { "x" }],
        [typeof(Dictionary<string, string>)] = [new Dictionary<string, string> { [""] = "x" }],
        [typeof(Dictionary<string, Dictionary<string, string[]>>)] = [],
        [typeof(bool)] = [],
    };

    public static string Of(string section, PropertyInfo property, Func<object> defaults, Func<object, IEnumerable<string>> validate)
    {
        if (property.PropertyType.IsEnum)
        {
            return string.Join(", ", Enum.GetValues(property.PropertyType).Cast<object>().Select(value => $"`{ValueText.Write(value)}`"));
        }

        var cures = new List<string>();
        foreach (var bad in BadValues[property.PropertyType])
        {
            var options = defaults();
            property.SetValue(options, bad);
            cures.AddRange(validate(options)
                .Where(error => error.StartsWith($"{section}:{property.Name}", StringComparison.Ordinal) || GroupError(section, property).IsMatch(error))
                .Select(error => Cure().Match(error).Groups[1].Value)
                .Where(cure => cure.Length > 0));
        }

        return string.Join(" ", cures.Distinct().Select(cure => char.ToUpperInvariant(cure[0]) + cure[1..]));
    }

    // A message about several keys: "Tls: Certificate, Key and Authority belong together. Set all three …".
    private static Regex GroupError(string section, PropertyInfo property) => new($@"^{section}: [^.]*\b{property.Name}\b");

    [GeneratedRegex(@"[.;:,] ((?:[Gg]ive|[Ww]rite|[Ss]et|[Ll]isten) .*)$|$")]
    private static partial Regex Cure();
}
