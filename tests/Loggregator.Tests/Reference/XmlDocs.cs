using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Loggregator.Tests.Reference;

/// <summary>What the source's documentation comments say of properties, as Markdown for a table.</summary>
internal static partial class XmlDocs
{
    /// <summary>The text of an element of a property's comment; null when there is none.</summary>
    public static string? Of(PropertyInfo property, string element)
    {
        var file = Path.ChangeExtension(property.DeclaringType!.Assembly.Location, ".xml");
        var name = $"P:{property.DeclaringType.FullName}.{property.Name}";
        var comment = XDocument.Load(file).Descendants("member").SingleOrDefault(member => member.Attribute("name")?.Value == name)?.Element(element);
        return comment is null ? null : Space().Replace(string.Concat(comment.Nodes().Select(Text)), " ").Trim();
    }

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{see.Attribute("cref")!.Value.Split('.')[^1]}`",
        _ => throw new NotSupportedException($"The reference cannot show {node}."),
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
