using System.Collections;

namespace Loggregator.Configuration;

/// <summary>Reads <c>LOGGREGATOR_Section__Name</c> variables; lists are separated by commas.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "LOGGREGATOR_";

    public static List<Setting> Read(IDictionary environment)
    {
        var found = new List<Setting>();
        foreach (DictionaryEntry entry in environment)
        {
            var name = (string)entry.Key;
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && name.Contains("__", StringComparison.Ordinal))
            {
                found.Add(new Setting(name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), [(string?)entry.Value ?? ""], name));
            }
        }

        found.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return found;
    }
}
