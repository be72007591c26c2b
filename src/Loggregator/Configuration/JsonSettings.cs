using System.Text;
using System.Text.Json;

namespace Loggregator.Configuration;

/// <summary>Reads a configuration file: a JSON object of sections, with comments and trailing commas, each value with the line it stands on.</summary>
internal static class JsonSettings
{
    private static readonly JsonReaderOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static List<Setting> Read(string file, List<string> errors)
    {
        var found = new List<Setting>();
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"--config {file}: the file cannot be read ({e.Message.TrimEnd('.')}). Correct the path.");
            return found;
        }

        try
        {
            Read(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(3) : bytes, Path.GetFileName(file), found, errors);
        }
        catch (JsonException e)
        {
            errors.Add($"{file}, line {e.LineNumber + 1}: not JSON ({e.Message.Split(". ")[0].TrimEnd('.')}). Correct the text there.");
        }

        return found;
    }

    private static void Read(ReadOnlySpan<byte> json, string file, List<Setting> found, List<string> errors)
    {
        var reader = new Utf8JsonReader(json, Options);
        var path = new Stack<string>();
        string? name = null;
        List<string>? list = null;
        while (reader.Read())
        {
            var origin = $"{file} line {json[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1}";
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString();
                    break;
                case JsonTokenType.StartObject when name is not null && list is null:
                    path.Push(name);
                    name = null;
                    break;
                case JsonTokenType.StartObject when reader.CurrentDepth > 0:
                    errors.Add($"{Key(path, name)} ({origin}): a list holds texts, not objects.");
                    reader.Skip();
                    break;
                case JsonTokenType.EndObject when path.Count > 0:
                    path.Pop();
                    break;
                case JsonTokenType.StartArray:
                    list = [];
                    break;
                case JsonTokenType.EndArray:
                    found.Add(new Setting(Key(path, name), list ?? [], origin));
                    (list, name) = (null, null);
                    break;
                case JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                    var text = reader.TokenType switch
                    {
                        JsonTokenType.String => reader.GetString()!,
                        JsonTokenType.Null => "",
                        _ => Encoding.UTF8.GetString(reader.ValueSpan),
                    };
                    if (list is not null)
                    {
                        list.Add(text);
                        break;
                    }

                    found.Add(new Setting(Key(path, name), [text], origin));
                    name = null;
                    break;
            }
        }
    }

    private static string Key(Stack<string> path, string? name) => string.Join(':', path.Reverse().Append(name).Where(part => part is not null));
}
