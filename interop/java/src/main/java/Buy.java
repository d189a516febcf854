import java.util.List;
import java.util.UUID;
import shop.api.CartsApi;
import shop.api.OrdersApi;
import shop.api.ProductsApi;
import shop.client.ApiClient;
import shop.client.ApiException;
import shop.model.Address;
import shop.model.Cart;
import shop.model.Checkout;
import shop.model.NewCart;
import shop.model.Order;
import shop.model.PaymentMethod;
import shop.model.ProductSort;
import shop.model.Quantity;
import shop.model.Variant;

/**
 * Buys one article through the client that is generated from the shop's OpenAPI document.
 *
 * <p>The first argument is the address of the shop edge. The order's number and status are printed as JSON.
 */
public final class Buy {
    public static void main(String[] arguments) throws ApiException {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        Order order = checkout(new OrdersApi(client), cart(client));
        System.out.printf("{\"number\":\"%s\",\"status\":\"%s\"}%n", order.getNumber(), order.getStatus());
    }

    private static Cart cart(ApiClient client) throws ApiException {
        ProductsApi products = new ProductsApi(client);
        String slug = products
            .listProducts(null, null, null, null, true, 5, null, null, null, null, null, ProductSort.PRICE, null)
            .getItems().get(0).getSlug();
        Variant variant = products.showProduct(slug).getVariants().stream()
            .filter(Variant::getInStock).findFirst().orElseThrow();
        NewCart lines = new NewCart().lines(List.of(new Quantity().sku(variant.getSku()).quantity(1L)));
        return new CartsApi(client).createCart(lines, key());
    }

    private static Order checkout(OrdersApi orders, Cart cart) throws ApiException {
        Address address = new Address()
            .name("Ann Example").line1("Hauptstraße 1").city("Berlin").postalCode("10115").country("DE");
        Checkout checkout = new Checkout()
            .email("ann@example.com")
            .shippingAddress(address)
            .payment(new PaymentMethod().method("test").token("success"));
        return orders.checkout(key(), cart.getId(), checkout);
    }

    private static String key() {
        return UUID.randomUUID().toString();
    }
}
