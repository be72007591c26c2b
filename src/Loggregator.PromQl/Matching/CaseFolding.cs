using System.Text;

namespace Loggregator.PromQl.Matching;

/// <summary>Which code points are the same but for case, by Unicode's simple folding.</summary>
internal static class CaseFolding
{
    private static readonly Lazy<Dictionary<int, int[]>> Orbits = new(Build);

    /// <summary>Adds to a set all that differ from its members by case alone.</summary>
    public static RuneSet Close(RuneSet set)
    {
        var ranges = set.Ranges.ToList();
        foreach (var (rune, others) in Orbits.Value)
        {
            if (set.Ranges.Any(range => rune >= range.First && rune <= range.Last))
            {
                ranges.AddRange(others.Select(other => (other, other)));
            }
        }

        return RuneSet.Of(ranges);
    }

    private static Dictionary<int, int[]> Build()
    {
        var classes = new Dictionary<int, List<int>>();
        for (var code = 0; code <= RuneSet.Max; code++)
        {
            if (Rune.IsValid(code) && Fold(code) is var key && (key != code || Rune.ToUpperInvariant(new Rune(code)).Value != code))
            {
                var members = classes.TryGetValue(key, out var known) ? known : classes[key] = [key];
                members.Add(code);
            }
        }

        return classes.Values.Select(members => members.Distinct().ToArray()).Where(members => members.Length > 1)
            .SelectMany(members => members.Select(member => (member, members))).ToDictionary(pair => pair.member, pair => pair.members);
    }

    private static int Fold(int code) => code switch
    {
        'ſ' => 's', // .NET's invariant casing leaves it alone
        '\u0130' or '\u0131' => code, // these fold in Turkish alone
        _ => Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(code))).Value,
    };
}
