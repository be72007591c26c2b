using System.Net;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

public sealed class SetCookieTests : WebSocketTest
{
    [Theory]
    [InlineData("CookieName=cookie&CookieValue=monster", "cookie=monster")]
    [InlineData("CookieName=authorization&CookieValue=bearer%2BiAmAnAdmin", "authorization=bearer+iAmAnAdmin")]
    [InlineData("CookieName=a&CookieValue=b+c", "a=\"b c\"")]
    [InlineData("CookieName=a&CookieValue=b%3B%0D%0AX: y", "a=\"bX: y\"")]
    public async Task Form_SetsACookieOfTheDomain(string form, string cookie)
    {
        await StartAsync(configure: options => options.CookieDomain = "doppler.example.com");
        using var response = await PostAsync(form, "https://console.example.com");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(cookie + "; Domain=doppler.example.com; HttpOnly; Secure; SameSite=Lax", Assert.Single(response.Headers.GetValues("Set-Cookie")));
        Assert.Equal("https://console.example.com", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("true", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Credentials")));
        Assert.Equal("Content-Type", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("CookieName=a")]
    [InlineData("CookieValue=a")]
    [InlineData(null)]
    public async Task Form_WithoutBothFields_OrTooLarge_IsRefused(string? form)
    {
        await StartAsync(configure: options => options.CookieDomain = "doppler.example.com");
        using var response = await PostAsync(form ?? "CookieName=a&CookieValue=" + new string('x', 5000), "https://console.example.com");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal("true", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Credentials")));
    }

    [Fact]
    public async Task Name_ThatIsNone_SetsNothing()
    {
        await StartAsync(configure: options => options.CookieDomain = "doppler.example.com");
        using var response = await PostAsync("CookieName=a%20b&CookieValue=c", "https://console.example.com");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Query_SetsACookieToo()
    {
        await StartAsync(configure: options => options.CookieDomain = "doppler.example.com");
        using var response = await Host.Http.GetAsync("/set-cookie?CookieName=authorization&CookieValue=bearer%2Babc", Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith("authorization=bearer+abc; Domain=doppler.example.com;", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preflight_OfABrowser_Succeeds() // the original refuses it
    {
        await StartAsync(configure: options => options.CookieDomain = "doppler.example.com");
        using var request = new HttpRequestMessage(HttpMethod.Options, "/set-cookie");
        request.Headers.Add("Origin", "https://console.example.com");
        using var response = await Host.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("https://console.example.com", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("Content-Type", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")));
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Endpoint_WithoutDomain_DoesNotExist()
    {
        await StartAsync();
        using var response = await PostAsync("CookieName=a&CookieValue=b", "https://console.example.com");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private async Task<HttpResponseMessage> PostAsync(string form, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/set-cookie") { Content = new StringContent(form) };
        request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
        request.Headers.Add("Origin", origin);
        return await Host.Http.SendAsync(request, Cancel);
    }
}
