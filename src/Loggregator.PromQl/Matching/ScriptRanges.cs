using System.Collections.Frozen;
using System.Globalization;

namespace Loggregator.PromQl.Matching;

/// <summary>The code points of each script, from the table beside this file.</summary>
internal static class ScriptRanges
{
    private static readonly Lazy<FrozenDictionary<string, RuneSet>> Scripts = new(Read);

    public static RuneSet? Of(string script) => Scripts.Value.GetValueOrDefault(script);

    private static FrozenDictionary<string, RuneSet> Read()
    {
        using var reader = new StreamReader(typeof(ScriptRanges).Assembly.GetManifestResourceStream("Scripts.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split(' '))
            .ToFrozenDictionary(parts => parts[0], parts => RuneSet.Of(parts[1].Split(',').Select(Range)), StringComparer.Ordinal);
    }

    private static (int First, int Last) Range(string text)
    {
        var ends = text.Split('-').Select(end => int.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        return (ends[0], ends[^1]);
    }
}
