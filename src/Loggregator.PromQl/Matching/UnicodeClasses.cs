using System.Collections.Concurrent;
using System.Globalization;

namespace Loggregator.PromQl.Matching;

/// <summary>The sets behind <c>\p{…}</c>: general categories, of which the runtime knows, and scripts.</summary>
internal static class UnicodeClasses
{
    private static readonly string[] Categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly ConcurrentDictionary<string, RuneSet> Known = new(StringComparer.Ordinal);

    /// <summary>The set of a category such as <c>L</c> or <c>Lu</c>, a script such as <c>Greek</c>, or <c>Any</c>; null for what is none.</summary>
    public static RuneSet? Find(string name) =>
        name == "Any" ? RuneSet.Any
        : name is not "Cn" && Categories.Any(category => category == name || category[..1] == name) ? Known.GetOrAdd(name, OfCategory)
        : ScriptRanges.Of(name);

    private static RuneSet OfCategory(string name)
    {
        var ranges = new List<(int, int)>();
        var first = -1;
        for (var code = 0; code <= RuneSet.Max + 1; code++)
        {
            var category = code > RuneSet.Max ? "Cn" : Categories[(int)CharUnicodeInfo.GetUnicodeCategory(code)];
            var belongs = category != "Cn" && category.StartsWith(name, StringComparison.Ordinal);
            if (belongs && first < 0)
            {
                first = code;
            }
            else if (!belongs && first >= 0)
            {
                ranges.Add((first, code - 1));
                first = -1;
            }
        }

        return RuneSet.Of(ranges);
    }
}
